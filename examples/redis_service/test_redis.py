def test_a_value_is_kept(cache):
    assert cache.command("SET", "name", "value") == "+OK"
    assert cache.command("STRLEN", "name") == ":5"


def test_neighbours_reach_it_by_its_name(cache):
    assert cache.inside.url.endswith(f"@{cache.inside.host}:6379/0")
    assert cache.url != cache.inside.url


def test_a_restart_starts_with_nothing(cache):
    cache.command("SET", "gone", "soon")
    cache.restart()
    assert cache.command("EXISTS", "gone") == ":0"
