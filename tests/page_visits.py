"""What a visitor does on the page in a real browser; no request leaves this machine."""

from contextlib import contextmanager

from support import ROOT

DOG_CAT, MACAW = (str(ROOT / f"data/{name}.jpg") for name in ("dog_cat", "macaw"))
PHONE = {"width": 390, "height": 844}


@contextmanager
def visiting(browser):
    """Opens pages, whose requests of other hosts and errors are looked at when all is done."""
    contexts, asked, errors, own = [], [], [], ["data:", "blob:"]

    def visit(address, path="", **how):
        own.append(address)
        context = browser.new_context(**how)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(20_000)
        page.on("request", lambda request: asked.append(request.url))
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(address + path)
        page.get_by_role("button", name="Explain").wait_for()
        return page

    yield visit
    for context in contexts:
        context.close()
    assert [url for url in asked if not url.startswith(tuple(own))] == []
    assert errors == []


def upload(page, file, **content) -> None:
    page.locator("#upload input[type=file]").set_input_files(content or file)


def caption(page) -> str:
    """What stands under the first map, once it is there."""
    return page.locator("#maps figcaption").nth(1).inner_text()


def shows(page, words: str) -> None:
    page.locator("#maps figcaption", has_text=words).first.wait_for()


def choose(page, label: str, words: str) -> None:
    """Picks from a list, typing what it should be completed from."""
    box = page.get_by_label(label, exact=True).first
    box.click()
    box.press("Control+a")
    box.press_sequentially(words)
    page.get_by_role("option", name=words, exact=True).click()


@contextmanager
def slowly(page):
    """Inside, each event takes half a second to reach the server."""

    def late(route) -> None:
        page.wait_for_timeout(500)
        route.continue_()

    page.route("**/queue/join*", late)
    yield
    page.unroute("**/queue/join*")


@contextmanager
def drawn_anew(page):
    """What is done inside has the first map drawn in another way, and that has come."""
    before = page.locator("#maps img").nth(1).get_attribute("src")
    yield
    page.wait_for_function(
        "before => (document.querySelectorAll('#maps img')[1]?.src ?? before) != before",
        arg=before,
    )


def downloaded(page, words: str, folder, within: str = "#downloads") -> bytes:
    """The content of the file behind a link; it is in the folder, by its own name."""
    with page.expect_download() as coming:
        page.locator(f"{within} a", has_text=words).click()
    file = folder / coming.value.suggested_filename
    coming.value.save_as(file)
    return file.read_bytes()
