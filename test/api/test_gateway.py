"""The gateway proves itself: by a secret, or by a certificate."""

import http.client
import ssl
import subprocess

import pytest
from helpers import GATEWAY, as_user, assert_problem, ok
from stack import Answer, free_port, wait_for

SECRETS = ["the secret of before", "s" * 255, "the secret of now"]


@pytest.fixture(scope="module")
def proving(new_stack, tmp_path_factory):
    file = tmp_path_factory.mktemp("secret") / "gateway"
    file.write_text("\n".join(SECRETS) + "\n")
    stack = new_stack(caller="header", gateway_addresses=GATEWAY, gateway_secret_file=file, workers=2)
    stack.secrets = file
    return stack


def ask_with(stack, secret, user="fan", source=GATEWAY):
    headers = as_user(user) | ({} if secret is None else {"X-Frontrow-Gateway": secret})
    return stack.new_client(source=source).get("/point", **headers)


def test_the_secret_of_the_gateway(proving):
    for secret in SECRETS:
        assert ok(ask_with(proving, secret))["userId"] == "fan"
    for wrong in (None, "", "the secret", "the secret of nowhere", "s" * 254, "s" * 256, "s"):
        problem = assert_problem(ask_with(proving, wrong), "unauthorized")
        assert not any(secret in str(problem) for secret in SECRETS)
    assert_problem(ask_with(proving, SECRETS[0], source="127.0.0.9"), "unauthorized")
    assert_problem(ask_with(proving, f"{SECRETS[0]}, {SECRETS[0]}"), "invalid_field", field="X-Frontrow-Gateway")


def test_the_secret_is_asked_for_after_the_fields(proving):
    client = proving.new_client(source=GATEWAY)
    assert_problem(client.post("/point/charge", {"amount": 0}, **as_user("fan")), "invalid_field", field="amount")
    assert_problem(client.post("/point/charge", {"amount": 1, "userId": "other"}, **as_user("fan")), "unauthorized")
    assert_problem(client.get("/token", **as_user("fan")), "token_missing")


def test_secrets_change_without_a_restart(proving):
    proving.secrets.write_text("\n\nanother\r\n")
    proving.kill("frontrow", 1)
    wait_for(lambda: ask_with(proving, "another").status == 200)
    wait_for(lambda: all(ask_with(proving, SECRETS[0]).status == 401 for _ in range(20)))
    text = proving.program("frontrow", "--print-config").stdout
    assert "another" not in text and "gateway secret ***" in text
    assert "another" not in proving.log("frontrow").read_text()


@pytest.mark.parametrize("text, said", [
    ("", "it is empty"), ("\n\n", "it is empty"), ("s" * 256, "one is too long"), ("1\n2\n3\n4\n5\n", "it has too many"),
    (None, "No such file"),
])
def test_files_that_hold_no_secrets(stack, tmp_path, text, said):
    file = tmp_path / "secrets"
    if text is not None:
        file.write_text(text)
    stack.environment["FRONTROW_GATEWAY_SECRET_FILE"] = str(file)
    try:
        refused = stack.program("frontrow", "--check")
    finally:
        del stack.environment["FRONTROW_GATEWAY_SECRET_FILE"]
    assert refused.returncode != 0 and f"gateway_secret_file: no secret can be read from {file}: {said}" in refused.stderr


# ---- by a certificate


def openssl(folder, *arguments):
    subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True, timeout=60)


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    """A folder with an authority's certificate, one that it has signed, and one that it has not."""
    folder = tmp_path_factory.mktemp("certificates")
    new = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"]
    openssl(folder, "req", "-x509", *new, "-subj", "/CN=authority", "-keyout", "authority.key", "-out", "authority.pem")
    openssl(folder, "req", "-x509", *new, "-subj", "/CN=stranger", "-keyout", "stranger.key", "-out", "stranger.pem")
    openssl(folder, "req", *new[:-2], "-subj", "/CN=gateway", "-keyout", "gateway.key", "-out", "gateway.csr")
    openssl(folder, "x509", "-req", "-in", "gateway.csr", "-CA", "authority.pem", "-CAkey", "authority.key",
        "-CAcreateserial", "-days", "2", "-out", "gateway.pem")
    return folder


def test_the_certificate_of_the_gateway(new_stack, authority):
    """As the comment in the template says."""
    stack = new_stack(caller="header", workers=2)
    port = free_port()
    configuration = stack.var / "nginx/frontrow.conf"
    text = configuration.read_text()
    gateways = text.index("geo $realip_remote_addr $frontrow_is_gateway {")
    end = text.index("}", gateways)
    text = text[:gateways] + "map $ssl_client_verify $frontrow_is_gateway {\ndefault 0;\nSUCCESS 1;\n" + text[end:]
    text = text.replace("    server_name _;", f"""    server_name _;
    listen 127.0.0.1:{port} ssl;
    ssl_certificate {authority}/stranger.pem;
    ssl_certificate_key {authority}/stranger.key;
    ssl_client_certificate {authority}/authority.pem;
    ssl_verify_client optional;""")
    configuration.write_text(text)
    stack.restart("nginx")

    def ask(certificate):
        context = ssl.create_default_context(cafile=authority / "stranger.pem")
        context.check_hostname = False
        if certificate:
            context.load_cert_chain(authority / f"{certificate}.pem", authority / f"{certificate}.key")
        connection = http.client.HTTPSConnection("127.0.0.1", port, context=context, timeout=40)
        connection.request("GET", "/point", headers=as_user("fan"))
        got = connection.getresponse()
        return Answer(got.status, got.headers, got.read())

    assert ok(ask("gateway"))["userId"] == "fan"
    assert_problem(ask(None), "unauthorized")
    assert ask("stranger").code == "bad_request"  # nginx refuses one that the authority has not signed
    assert_problem(stack.get("/point", **as_user("fan")), "unauthorized")


def test_a_name_with_underscores_is_another(header_stack):
    """No gateway takes it out."""
    client = header_stack.new_client(source=GATEWAY)
    assert_problem(client.get("/point", X_Frontrow_User="fan"), "unauthorized")
    assert ok(client.get("/point", X_Frontrow_User="fan", **as_user("other")))["userId"] == "other"
