"""What axe-core says of the page that is open."""
RUN = """const done = arguments[0];
axe.run(document, {resultTypes: ['violations']}).then(done, e => done({error: '' + e}))"""


def findings(screen, axe):
    """What it calls serious or critical, a line each; `axe` is its text."""
    if screen.script("return typeof axe") != "object":
        screen.script(axe)
    found = screen.driver.execute_async_script(RUN)
    assert "error" not in found, found
    return [f"{v['id']}: {n['html'][:160]} {n['failureSummary']}" for v in found["violations"]
            if v["impact"] in ("serious", "critical") for n in v["nodes"]]
