"""The signature of a request to an API on AWS, by botocore.

    python testdata/peers/sigv4_botocore.py > testdata/golden/sigv4_botocore.json

Made with botocore 1.43.11. The keys are those of AWS's own examples.
"""

import datetime
import json
from unittest import mock

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

URL = "https://a1b2c3d4e5.execute-api.eu-central-1.amazonaws.com/api/v1/models/foretell-smoke/predict?alias=champion&explain=true"
BODY = '{"instances":[{"number":2,"name":"Zoë"}]}'
AT = datetime.datetime(2026, 11, 27, 12, 0, 0)
ACCESS, SECRET, TOKEN = "AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "a/session+token=="

request = AWSRequest("POST", URL, data=BODY.encode(), headers={
    "Content-Type": "application/json", "Content-Length": str(len(BODY.encode()))})
with mock.patch("botocore.auth.get_current_datetime", return_value=AT):
    SigV4Auth(Credentials(ACCESS, SECRET, TOKEN), "execute-api", "eu-central-1").add_auth(request)
print(json.dumps({
    "url": URL, "body": BODY, "accessKey": ACCESS, "secretKey": SECRET, "token": TOKEN,
    "time": AT.isoformat() + "Z", "authorization": request.headers["Authorization"],
}, ensure_ascii=False, indent=1))
