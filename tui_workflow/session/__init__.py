"""The composition root of a run: here the flow, the engine, the workers, the store and a front end meet, and nowhere else."""
