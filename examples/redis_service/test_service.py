from redis_service import Redis

from pytest_wincontainers.testing import check_service


def test_the_service_is_well_behaved():
    check_service(Redis())
