"""Compose files, in real containers."""

FILE = """\
x-box: &box
  image: ${IMAGE}
  networks: [nat]

services:
  server:
    <<: *box
    command: box serve 8000
    environment: {WHO: "${WHO-you}"}
    ports: ["8080:8000"]
    depends_on:
      prepare: {condition: service_completed_successfully}

  prepare:
    <<: *box
    entrypoint: [box]
    command: ["job", "write:made.txt=1"]

  reader:
    <<: *box
    container_name: the-reader
    entrypoint: box
    command: ["show", "settings.json"]
    working_dir: '${ROOT}app'
    volumes:
      - ./data:${ROOT}data
      - ./one.txt:${ROOT}one.txt:ro
    configs:
      - {source: settings, target: '${ROOT}app/settings.json'}
    secrets:
      - {source: token, target: '${ROOT}run/token'}
    healthcheck:
      test: ["CMD", "box", "has", "${ROOT}run/token"]
    labels: [team=shop]
    depends_on:
      server: {condition: service_started, required: true}

  last:
    <<: *box
    command: ["box", "sleep"]
    depends_on:
      reader: {condition: service_healthy}

networks:
  nat: {external: true}

configs:
  settings: {content: '{"a": 1}'}
secrets:
  token: {file: token.txt}
"""


def test_services_run_as_declared(suite, mode):
    for name, content in (("docker-compose.yml", FILE), ("token.txt", "abc"), ("one.txt", "1"), ("data/two.txt", "2")):
        path = suite.path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(content, "utf-8")
    suite.files(
        conftest="""
        import os
        from guest import IMAGE, ROOT
        from pytest_wincontainers import compose_services

        os.environ.update(IMAGE=IMAGE, ROOT=ROOT)
        services = compose_services()
        """,
        test_it="""
        from urllib.request import urlopen
        from guest import ROOT

        def test_server(server):
            assert urlopen(server.url).read() == b"hello you"

        def test_names(last):
            assert last.exec("box", "get", "server", "8000").exit_code == 0
            assert last.exec("box", "lookup", "the-reader").exit_code == 0

        def test_files(reader):
            names = ("app/settings.json", "run/token", "one.txt", "data/two.txt")
            assert reader.exec("box", "read", *(ROOT + name for name in names)).output == '{"a": 1}abc12'
            assert reader.state().health is not None

        def test_prepare(prepare):
            assert prepare.exit_code == 0
        """,
    )
    assert suite.run(*mode).outcomes() == {"passed": 4}


def test_another_network_is_refused_where_there_is_one(suite, engine):
    (suite.path / "compose.yaml").write_text(
        "services:\n  web:\n    image: $IMAGE\n    command: box sleep\n    networks: [back]\nnetworks:\n  back:\n",
        "utf-8",
    )
    suite.files(
        conftest="""
        import os
        from guest import IMAGE
        from pytest_wincontainers import compose_services

        os.environ["IMAGE"] = IMAGE
        services = compose_services()
        """,
        test_it="def test_it(web): pass",
    )
    done = suite.run()
    assert done.outcomes() == ({"errors": 1} if engine.windows else {"passed": 1})
    assert ("compose.yaml:5: " in done.output) == bool(engine.windows)
