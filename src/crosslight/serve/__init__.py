"""The service: the clients people already have, and a page, talk to bundles over HTTP (extra `serve`)."""
