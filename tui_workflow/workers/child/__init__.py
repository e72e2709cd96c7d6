"""The worker process: started as `python -P -m tui_workflow.workers.child`, runs user code, knows no engine."""
