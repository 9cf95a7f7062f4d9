"""Where the page sends files to, in the place of Gradio's own route, which keeps them for good."""

import asyncio

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from web.limits import MOST_BYTES, UPLOAD_SECONDS
from web.upload_store import UploadStore
from web.visitors import visitor_of

PATH = "/gradio_api/upload"


def upload_route(store: UploadStore) -> Route:
    """The route by which a visitor's file comes into the store; its answer is a list of its token.

    A file that is not used in time is removed.
    """

    async def upload(request: Request) -> Response:
        if not is_signed_in(request):
            return PlainTextResponse("sign in first", status_code=401)
        try:
            async with request.form(max_files=1, max_fields=0) as form:
                token = await _kept(store, request, form.get("files"))
        except HTTPException as error:
            return PlainTextResponse(error.detail, status_code=error.status_code)
        except ClientDisconnect:
            return PlainTextResponse("the file has not come whole", status_code=400)
        asyncio.get_running_loop().call_later(UPLOAD_SECONDS, store.drop, token)
        return JSONResponse([token])

    return Route(PATH, upload, methods=["POST"])


async def _kept(store: UploadStore, request: Request, file: UploadFile | str | None) -> str:
    """The token of the file. Raises HTTPException for none, and for one that is too large."""
    if not isinstance(file, UploadFile):
        raise HTTPException(400, "no file has come")
    if file.size > MOST_BYTES:
        raise HTTPException(413, f"this file is larger than {MOST_BYTES // 10**6} MB")
    visitor = visitor_of(request.client)
    return await run_in_threadpool(store.keep, visitor, file.filename or "", file.file)


def is_signed_in(request: Request) -> bool:
    """Whether the page asks for no password, or the visitor has given it."""
    app = request.app  # Gradio's
    names = (f"access-token-{app.cookie_id}", f"access-token-unsecure-{app.cookie_id}")
    return app.auth is None or any(request.cookies.get(name) in app.tokens for name in names)
