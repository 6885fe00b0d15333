"""What the API and the pages share at their edge: middleware, the words of refusals, who is asking."""
