"""巡检: facts gathered from machine and box, rounds kept, reports made."""
