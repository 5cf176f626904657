def test_sync(app):
    assert app


def test_sync2(client):
    assert client
