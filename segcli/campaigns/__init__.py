"""Who is due which step, who may be written to, and what the step offers."""
