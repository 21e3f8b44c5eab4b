"""Days and hours in China: working days with 调休, schedules (时段), and how people write them. Pure."""
