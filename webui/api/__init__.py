"""The REST API: ``openapi.yaml`` says what there is, ``operations`` does it. Stateless; no cookie is read."""
