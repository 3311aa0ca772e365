/*
 * Enhances pages that are complete without it: theme choice, copy buttons,
 * "show password", one submit at a time, and the form_post response that sends
 * itself.  Loaded in <head> without defer, so that the theme is set before the
 * first paint.  Only textContent is ever written.
 */
(function () {
    'use strict';

    var root = document.documentElement;
    var KEY = 'autentico-theme';
    var BUSY_MS = 8000;

    /* localStorage throws where cookies are blocked. */
    function storedTheme() {
        try {
            var theme = localStorage.getItem(KEY);
            return theme === 'dark' || theme === 'light' ? theme : '';
        } catch (e) {
            return '';
        }
    }

    function storeTheme(theme) {
        try {
            if (theme) {
                localStorage.setItem(KEY, theme);
            } else {
                localStorage.removeItem(KEY);
            }
        } catch (e) { /* the choice lasts for this page only */ }
    }

    function systemTheme() {
        return window.matchMedia &&
            matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light';
    }

    function applyTheme(theme) {
        if (theme) {
            root.setAttribute('data-theme', theme);
        } else {
            root.removeAttribute('data-theme');
        }
    }

    function each(selector, work) {
        Array.prototype.forEach.call(document.querySelectorAll(selector), work);
    }

    function themeToggles() {
        each('[data-theme-toggle]', function (button) {
            function current() {
                return root.getAttribute('data-theme') || systemTheme();
            }
            function label() {
                button.textContent = current() === 'dark' ? 'Light theme' : 'Dark theme';
            }

            button.hidden = false;
            label();
            /* where the page follows the system, it follows at any time */
            if (window.matchMedia) {
                matchMedia('(prefers-color-scheme: dark)').addEventListener('change', label);
            }
            button.addEventListener('click', function () {
                var next = current() === 'dark' ? 'light' : 'dark';
                /* What the system wants anyway is not worth remembering. */
                var kept = next === systemTheme() ? '' : next;

                storeTheme(kept);
                applyTheme(kept);
                label();
            });
        });
    }

    function select(node) {
        var range = document.createRange();
        var selection = window.getSelection();

        range.selectNodeContents(node);
        selection.removeAllRanges();
        selection.addRange(range);
    }

    /* navigator.clipboard exists only on https and localhost. */
    function copy(button, done) {
        function byHand() {
            var code = button.parentNode.querySelector('code');

            if (code) {
                select(code);
                done(document.execCommand('copy'));
            }
        }

        if (navigator.clipboard) {
            navigator.clipboard.writeText(button.getAttribute('data-copy'))
                .then(function () { done(true); }, byHand);
        } else {
            byHand();
        }
    }

    function copyButtons() {
        var announce = document.getElementById('announce');

        each('[data-copy]', function (button) {
            var label = button.textContent;
            var timer;

            button.hidden = false;
            button.addEventListener('click', function () {
                copy(button, function (ok) {
                    button.textContent = ok ? 'Copied' : 'Selected';
                    if (announce) {
                        announce.textContent = button.textContent;
                    }
                    clearTimeout(timer);
                    timer = setTimeout(function () {
                        button.textContent = label;
                        if (announce) {
                            announce.textContent = '';
                        }
                    }, 2000);
                });
            });
        });
    }

    function downloadButtons() {
        each('[data-download]', function (button) {
            button.hidden = false;
            button.addEventListener('click', function () {
                var link = document.createElement('a');

                link.href = URL.createObjectURL(new Blob([button.getAttribute('data-download')], { type: 'text/plain' }));
                link.download = button.getAttribute('data-name');
                link.click();
                setTimeout(function () { URL.revokeObjectURL(link.href); }, 0);
            });
        });
    }

    function printButtons() {
        each('[data-print]', function (button) {
            button.hidden = false;
            button.addEventListener('click', function () { window.print(); });
        });
    }

    /* One button for the fields that its data-reveal names. */
    function revealButtons() {
        each('[data-reveal]', function (button) {
            var inputs = button.getAttribute('data-reveal').split(' ').map(function (id) {
                return document.getElementById(id);
            }).filter(Boolean);

            function show(on) {
                inputs.forEach(function (input) { input.type = on ? 'text' : 'password'; });
                button.textContent = on ? 'Hide' : 'Show';
                button.setAttribute('aria-label', on ? 'Hide password' : 'Show password');
            }

            if (!inputs.length) {
                return;
            }
            button.hidden = false;
            button.addEventListener('click', function () {
                show(inputs[0].type === 'password');
                inputs[0].focus();
            });
            /* Browsers remember what is sent from a text input. */
            inputs[0].form.addEventListener('submit', function () { show(false); });
        });
    }

    /*
     * A second click must not spend the form's handle twice.  Buttons are not
     * disabled: their name and value would not be sent.
     */
    function singleSubmit() {
        each('form[method=post]', function (form) {
            var timer;

            function free() {
                clearTimeout(timer);
                form.removeAttribute('aria-busy');
            }

            form.addEventListener('submit', function (event) {
                if (form.getAttribute('aria-busy') === 'true') {
                    event.preventDefault();
                    return;
                }
                form.setAttribute('aria-busy', 'true');
                timer = setTimeout(free, BUSY_MS);
            });
            window.addEventListener('pageshow', free);
        });
    }

    function menus() {
        each('details.menu', function (menu) {
            document.addEventListener('click', function (event) {
                if (!menu.contains(event.target)) {
                    menu.open = false;
                }
            });
            menu.addEventListener('keydown', function (event) {
                if (event.key === 'Escape' && menu.open) {
                    menu.open = false;
                    menu.querySelector('summary').focus();
                }
            });
        });
    }

    /* "2026-03-01 12:00Z" in the reader's own time zone. */
    function localTimes() {
        each('time', function (time) {
            var utc = time.textContent;
            var date = new Date(utc.replace(' ', 'T'));
            var parts = { year: 'numeric', month: 'short', day: 'numeric' };

            if (isNaN(date.getTime())) {
                return;
            }
            if (!time.hasAttribute('data-date')) {
                parts.hour = parts.minute = '2-digit';
            }
            time.setAttribute('datetime', utc);
            time.title = utc;
            time.textContent = date.toLocaleString(undefined, parts);
        });
    }

    /* A response parameter could be named "submit" and hide the method. */
    function autoSubmit() {
        var form = document.querySelector('form[data-autosubmit]');

        if (form) {
            HTMLFormElement.prototype.submit.call(form);
        }
    }

    applyTheme(storedTheme());
    document.addEventListener('DOMContentLoaded', function () {
        themeToggles();
        copyButtons();
        revealButtons();
        downloadButtons();
        printButtons();
        singleSubmit();
        menus();
        localTimes();
        autoSubmit();
    });
}());
