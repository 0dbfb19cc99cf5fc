from redis_service import redis_container


@redis_container()
def cache():
    """A Redis server."""
