"""The main job in a real Chromium, with and without JavaScript: onboard, register an application, sign in."""
import os
import shutil
import tempfile

import pytest
from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

from provider import PASSWORD


def chromium(with_javascript):
    folder = tempfile.mkdtemp(prefix="aut-chrome-")
    options = webdriver.ChromeOptions()
    options.binary_location = "/usr/bin/chromium"
    for word in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
                 "--disable-background-networking", "--disable-component-update", "--window-size=1280,1000",
                 f"--user-data-dir={folder}"):
        options.add_argument(word)
    if not with_javascript:
        options.add_experimental_option("prefs", {"profile.managed_default_content_settings.javascript": 2})
    return webdriver.Chrome(service=Service("/usr/bin/chromedriver"), options=options), folder


@pytest.fixture(params=[True, False], ids=["javascript", "plain"], scope="module")
def browser(request):
    driver, folder = chromium(request.param)
    yield driver
    driver.quit()
    shutil.rmtree(folder, ignore_errors=True)


def fill(driver, **fields):
    for name, text in fields.items():
        box = driver.find_element(By.ID, name)
        box.clear()
        box.send_keys(text)


def submit(driver):
    driver.find_element(By.CSS_SELECTOR, "main form button[type=submit]").click()


def shown(driver, selector):
    return WebDriverWait(driver, 20).until(lambda d: d.find_element(By.CSS_SELECTOR, selector))


def sign_in(driver, password):
    shown(driver, "#password")
    fill(driver, username="admin", password=password)
    submit(driver)


def shoot(driver, name):
    folder = os.environ.get("AUTENTICO_SCREENSHOTS")
    if folder:
        driver.save_screenshot(os.path.join(folder, name + ".png"))


def test_from_onboarding_to_sign_out(fresh, browser):
    browser.get(fresh.url + "/onboard")
    if "/onboard" in browser.current_url:  # the first of the two browsers
        shoot(browser, "onboard")
        fill(browser, username="admin", password=PASSWORD, confirm_password=PASSWORD)
        submit(browser)
    else:
        shoot(browser, "login")
        sign_in(browser, "wrong password")
        assert "Invalid username or password" in shown(browser, "#login-error").text
        shoot(browser, "login-wrong")
        sign_in(browser, PASSWORD)
    shown(browser, "[data-testid=admin-dashboard]")
    shoot(browser, "dashboard")

    browser.get(fresh.url + "/admin/clients/new")
    fill(browser, client_name="Browser app", redirect_uris="https://app.example.test/cb")
    shoot(browser, "client-new")
    submit(browser)
    assert len(shown(browser, "[data-testid=client-secret]").text.strip()) == 43
    shoot(browser, "client-created")
    browser.get(fresh.url + "/admin/users")
    assert "admin" in browser.page_source
    shoot(browser, "users")

    browser.get(fresh.url + "/account/")
    shown(browser, "[data-testid=account-dashboard]")
    shoot(browser, "account")
    shown(browser, "[data-testid=sign-out]").click()
    WebDriverWait(browser, 20).until(lambda d: "sign" in d.page_source.lower() and "/oauth2/logout" in d.current_url)
    if "You have been signed out." not in browser.page_source:
        browser.find_element(By.CSS_SELECTOR, "button[name=action][value=yes]").click()
    assert "You have been signed out." in shown(browser, "main").text
    shoot(browser, "signed-out")
