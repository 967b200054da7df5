"""The edge: the loop over HTTP. `app.create_app` is the application, `run.serve` the server."""
