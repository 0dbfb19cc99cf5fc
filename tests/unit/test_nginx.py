"""The counterpart of IIS's configuration on a Linux engine."""

from pytest_wincontainers.services.iis.nginx import Pool, Server, files

SHOP = Server(1, 80, "", "/srv/shop", {"/": "shop", "/api": "api"})
ADMIN = Server(2, 80, "admin.local", "/srv/admin", {"/": "shop"})
POOLS = [
    Pool("shop", {"MODE": "it's on"}, [("/", "/srv/shop")]),
    Pool("api", {}, [("/api", "/srv/api")]),
]


def made(*servers, **options):
    return {name: content.decode() for name, content in files(servers, POOLS, **options).items()}


def test_an_application_has_the_requests_below_its_path_and_no_others():
    sites = made(SHOP)["sites.conf"]
    api = "fastcgi_pass 127.0.0.1:9001; include fastcgi.conf;"
    assert f"location = /api {{ {api} }}" in sites
    assert f"location /api/ {{ {api} }}" in sites
    assert "location / { fastcgi_pass 127.0.0.1:9000;" in sites


def test_a_request_that_no_site_is_for_is_refused_where_every_site_has_a_host_header():
    refusing = "server { listen 80 default_server; access_log /srv/wincontainers/logs/HTTPERR/httperr1.log httperr; return 400; }"
    assert refusing in made(ADMIN)["sites.conf"]
    assert refusing not in made(SHOP, ADMIN)["sites.conf"]


def test_a_port_is_opened_once_with_a_queue_of_its_own():
    sites = made(SHOP, ADMIN)["sites.conf"]
    assert sites.count("backlog=4096") == 1
    assert "listen 80 default_server backlog=4096;\n    server_name _;" in sites
    assert "listen 80;\n    server_name admin.local;" in sites


def test_a_pool_gets_its_environment_and_its_applications():
    script = made(SHOP)["pools/shop.sh"]
    assert script.startswith(
        "exec env WINCONTAINERS_SITE=1 'MODE=it'\"'\"'s on' fastcgi-mono-server4 /applications=/:/srv/shop "
    )
    assert "/socket=tcp:127.0.0.1:9000" in script


def test_pools_listen_where_no_site_does():
    sites = made(Server(1, 9000, "", "/srv/shop", {"/": "shop"}))
    assert "/socket=tcp:127.0.0.1:9001" in sites["pools/shop.sh"]
    assert "/socket=tcp:127.0.0.1:9002" in sites["pools/api.sh"]


def test_compression_is_said_when_it_is_wanted():
    assert "gzip on;" in made(SHOP, compress=True)["sites.conf"]
    assert "gzip" not in made(SHOP)["sites.conf"]


def test_every_log_says_its_fields():
    logs = {name: content for name, content in made(SHOP, ADMIN).items() if name.startswith("logs/")}
    assert [name.split("/")[1] for name in logs] == ["W3SVC1", "W3SVC2", "HTTPERR"]
    assert all(content.startswith("#Fields: date time ") and content.endswith("\n") for content in logs.values())
