"""Declare views, with types: Pyramid's decorators have none."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

from pyramid.view import exception_view_config, forbidden_view_config, notfound_view_config, view_config

F = TypeVar("F", bound=Callable[..., Any])


def view(**settings: Any) -> Callable[[F], F]:
    """Declare a view; each names its context, its permission and the one method that it answers."""
    return cast(Callable[[F], F], view_config(**settings))


def exception_view(context: type[BaseException], **settings: Any) -> Callable[[F], F]:
    """Declare what is shown for an exception."""
    return cast(Callable[[F], F], exception_view_config(context, **settings))


def notfound_view(**settings: Any) -> Callable[[F], F]:
    """Declare what is shown where there is nothing."""
    return cast(Callable[[F], F], notfound_view_config(**settings))


def forbidden_view(**settings: Any) -> Callable[[F], F]:
    """Declare what is shown to who may not."""
    return cast(Callable[[F], F], forbidden_view_config(**settings))
