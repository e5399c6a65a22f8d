"""API descriptions of others (OpenAPI 3, Swagger 2), and how the inventory differs from them."""
