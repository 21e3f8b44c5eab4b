"""Who answers a call, and why: the route plan and the one decision made by it (docs/routing.md). Pure."""
