"""巡检: the control points of an inspection, how facts are judged, and the rounds in which people look."""
