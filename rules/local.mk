# The rules as shipped.
