"""Queues and agents (排队, 智能来电分配): who waits, who is offered whom, and when somebody must go. Pure.

``configuration`` holds the frozen values, ``scheduler`` the state machine; the live side is
``b2bua.calls.floor``.
"""
