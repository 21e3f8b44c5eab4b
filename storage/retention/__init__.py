"""What is deleted when its time is over: once a night, by a clock that is never ahead."""
