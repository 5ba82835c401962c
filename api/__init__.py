"""The service: HTTP, WebSocket, the command line and the settings. Only this layer uses Starlette."""
