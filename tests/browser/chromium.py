"""A headless Chromium, used as a person would use it; it can be made narrow, dark and without JavaScript."""
import base64
import os
import shutil
import tempfile

from selenium import webdriver
from selenium.common.exceptions import WebDriverException
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

SWITCHES = ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
            "--disable-background-networking", "--disable-component-update", "--disable-dev-shm-usage", "--lang=en",
            "--force-color-profile=srgb", "--hide-scrollbars", "--window-size=1280,1000")
NO_JAVASCRIPT = {"profile.managed_default_content_settings.javascript": 2}


class Chromium:
    def __init__(self, javascript=True):
        self.javascript = javascript
        self.folder = tempfile.mkdtemp(prefix="aut-chrome-")
        options = webdriver.ChromeOptions()
        options.binary_location = "/usr/bin/chromium"
        for word in SWITCHES + (f"--user-data-dir={self.folder}",):
            options.add_argument(word)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        if not javascript:
            options.add_experimental_option("prefs", NO_JAVASCRIPT)
        self.driver = webdriver.Chrome(service=Service("/usr/bin/chromedriver"), options=options)

    def quit(self):
        self.driver.quit()
        shutil.rmtree(self.folder, ignore_errors=True)


    # --- what a person does -------------------------------------------------
    def open(self, url):
        self.driver.get(url)

    def fill(self, **fields):
        for name, text in fields.items():
            box = self.one("#" + name)
            box.clear()
            box.send_keys(text)

    def press(self, selector="main form button[type=submit]"):
        """Click, and wait until the page it leads to is there."""
        page = self.one("html")
        self.one(selector).click()
        self.until(lambda d: is_gone(page) and d.execute_script("return document.readyState") == "complete")

    def sign_in(self, username, password):
        self.fill(username=username, password=password)
        self.press()

    def forget(self):
        """Another person sits down: no cookies."""
        self.driver.execute_cdp_cmd("Network.clearBrowserCookies", {})

    # --- what a person sees -------------------------------------------------
    @property
    def url(self):
        return self.driver.current_url

    @property
    def text(self):
        return self.one("body").text

    def complaints(self):
        """What Chromium wrote in its console since the last time: refusals of the CSP, script errors."""
        return [row["message"] for row in self.driver.get_log("browser")
                if row["level"] == "SEVERE" and "the server responded with a status of" not in row["message"]]

    def one(self, selector):
        return self.until(lambda d: d.find_element(By.CSS_SELECTOR, selector))

    def all(self, selector):
        return self.driver.find_elements(By.CSS_SELECTOR, selector)

    def until(self, condition):
        """Asked again when the page goes away under the question; what is wrong in earnest stays so."""
        return WebDriverWait(self.driver, 20, poll_frequency=0.05, ignored_exceptions=[WebDriverException]).until(condition)

    def script(self, code, *args):
        return self.driver.execute_script(code, *args)

    # --- how it looks -------------------------------------------------------
    def look(self, width, scheme, height=800):
        """A screen of this width; `scheme` is light or dark.  Nothing moves."""
        features = [{"name": "prefers-color-scheme", "value": scheme},
                    {"name": "prefers-reduced-motion", "value": "reduce"}]
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", {
            "width": width, "height": height, "deviceScaleFactor": 1, "mobile": False})

    def shoot(self, name):
        """The whole page, into AUTENTICO_SCREENSHOTS when that is set."""
        folder = os.environ.get("AUTENTICO_SCREENSHOTS")
        if not folder:
            return
        os.makedirs(folder, exist_ok=True)
        shot = self.driver.execute_cdp_cmd("Page.captureScreenshot", {"captureBeyondViewport": True})
        with open(os.path.join(folder, name + ".png"), "wb") as f:
            f.write(base64.b64decode(shot["data"]))


def is_gone(element):
    try:
        element.is_enabled()
        return False
    except Exception:  # selenium names several, by the moment at which the page went
        return True
