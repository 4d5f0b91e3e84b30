"""The service: pages, canned queries and SPARQL over a release."""
