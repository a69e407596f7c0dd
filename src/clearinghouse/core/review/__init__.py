"""The rules of a model review: what a task is, what a sample of it says, when the window closes, what figures hold."""
