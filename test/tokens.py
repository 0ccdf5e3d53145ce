"""An identity provider for tests: keys of its own, as JWKS and PEM, and the tokens that it signs, good ones and any others."""

import base64
import hashlib
import hmac
import json
import time

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

ISSUER, AUDIENCE = "https://login.example/realm", "frontrow"
ALGORITHMS = ("RS256", "ES256", "EdDSA")


def encode(data):
    """Base64url without padding, of bytes, of a text, or of anything else as JSON."""
    if not isinstance(data, (bytes, str)):
        data = json.dumps(data)
    return base64.urlsafe_b64encode(data if isinstance(data, bytes) else data.encode()).rstrip(b"=").decode()


def number(value, size=None):
    return encode(value.to_bytes(size or (value.bit_length() + 7) // 8, "big"))


def new_private_key(algorithm, bits=2048):
    if algorithm == "RS256":
        return rsa.generate_private_key(65537, bits)
    return ec.generate_private_key(ec.SECP256R1()) if algorithm == "ES256" else ed25519.Ed25519PrivateKey.generate()


class Key:
    """A key of one algorithm; `kid` None: it has no name."""

    def __init__(self, algorithm, kid=None, **options):
        self.algorithm, self.kid = algorithm, kid
        self.private = new_private_key(algorithm, **options)

    def sign(self, text):
        if self.algorithm == "RS256":
            return self.private.sign(text, padding.PKCS1v15(), hashes.SHA256())
        if self.algorithm == "EdDSA":
            return self.private.sign(text)
        return b"".join(part.to_bytes(32, "big") for part in decode_dss_signature(self.private.sign(text, ec.ECDSA(hashes.SHA256()))))

    def jwk(self, **more):
        public = self.private.public_key()
        if self.algorithm == "RS256":
            numbers = public.public_numbers()
            members = {"kty": "RSA", "n": number(numbers.n), "e": number(numbers.e)}
        elif self.algorithm == "ES256":
            numbers = public.public_numbers()
            members = {"kty": "EC", "crv": "P-256", "x": number(numbers.x, 32), "y": number(numbers.y, 32)}
        else:
            raw = public.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
            members = {"kty": "OKP", "crv": "Ed25519", "x": encode(raw)}
        return members | ({"kid": self.kid} if self.kid else {}) | more

    def pem(self):
        return self.private.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo).decode()

    def private_pem(self):
        return self.private.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()).decode()


def claims(user, **more):
    """What a good token says; a claim None is left out."""
    now = int(time.time())
    said = {"iss": ISSUER, "aud": AUDIENCE, "sub": user, "iat": now, "exp": now + 600} | more
    return {name: value for name, value in said.items() if value is not None}


def token(key, payload, **header):
    """Signed by the key, whatever the header says; a member None is left out. `payload`: JSON, or text or bytes as they are."""
    members = {"alg": key.algorithm, "typ": "JWT", "kid": key.kid} | header
    head = encode({name: value for name, value in members.items() if value is not None})
    return signed(key, head, encode(payload))


def signed(key, head, payload):
    text = f"{head}.{payload}"
    return f"{text}.{encode(key.sign(text.encode()))}"


def signed_by_secret(secret, payload, **header):
    """HS256, as one who takes a public key for a shared secret would believe it."""
    text = f"{encode({'alg': 'HS256', 'typ': 'JWT'} | header)}.{encode(payload)}"
    return f"{text}.{encode(hmac.new(secret, text.encode(), hashlib.sha256).digest())}"


def jwks(*keys):
    return json.dumps({"keys": [key if isinstance(key, dict) else key.jwk() for key in keys]})


def bearer(text):
    return {"Authorization": f"Bearer {text}"}
