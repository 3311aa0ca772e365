/*
 * Passkeys: the button and the suggestions of the login page, and adding one on the
 * security page of the account.  Only textContent is ever written.
 */
(function () {
    'use strict';

    var RENEW_MS = 240000; /* a challenge is good for five minutes */
    var TEXTS = {
        authentication_failed: 'That passkey did not work. Please try again, or sign in another way.',
        too_many_requests: 'Too many attempts. Please wait a moment and try again.',
        server_error: 'Something went wrong here. Please try again.',
        NotAllowedError: 'No passkey was used. Please try again.',
        InvalidStateError: 'There is a passkey of yours on this device already.',
        SecurityError: 'Passkeys cannot be used at this address.',
        NotSupportedError: 'This device cannot make a passkey for this site.'
    };

    /* ---- bytes and text ---- */

    function decode(text) {
        var binary = atob(text.replace(/-/g, '+').replace(/_/g, '/'));
        var bytes = new Uint8Array(binary.length);

        for (var i = 0; i < binary.length; i++) {
            bytes[i] = binary.charCodeAt(i);
        }
        return bytes;
    }

    function encode(buffer) {
        var bytes = new Uint8Array(buffer);
        var binary = '';

        for (var i = 0; i < bytes.length; i++) {
            binary += String.fromCharCode(bytes[i]);
        }
        return btoa(binary).replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, '');
    }

    /* ---- what the browser wants and gives ---- */

    function descriptors(list) {
        return (list || []).map(function (one) {
            var made = { type: one.type, id: decode(one.id) };

            if (one.transports) {
                made.transports = one.transports;
            }
            return made;
        });
    }

    function forGet(publicKey) {
        publicKey.challenge = decode(publicKey.challenge);
        publicKey.allowCredentials = descriptors(publicKey.allowCredentials);
        return publicKey;
    }

    function forCreate(publicKey) {
        publicKey.challenge = decode(publicKey.challenge);
        publicKey.user.id = decode(publicKey.user.id);
        publicKey.excludeCredentials = descriptors(publicKey.excludeCredentials);
        return publicKey;
    }

    function envelope(credential, response) {
        response.clientDataJSON = encode(credential.response.clientDataJSON);
        return { id: credential.id, rawId: encode(credential.rawId), type: credential.type, response: response };
    }

    function assertion(credential) {
        var r = credential.response;

        return envelope(credential, {
            authenticatorData: encode(r.authenticatorData),
            signature: encode(r.signature),
            userHandle: r.userHandle && r.userHandle.byteLength ? encode(r.userHandle) : null
        });
    }

    function attestation(credential) {
        var r = credential.response;

        return envelope(credential, {
            attestationObject: encode(r.attestationObject),
            transports: r.getTransports ? r.getTransports() : []
        });
    }

    /* ---- talking to the server ---- */

    function Refused(code, text) {
        this.name = 'Refused';
        this.code = code;
        this.text = text;
    }

    function ask(url, init) {
        return fetch(url, init).then(function (response) {
            return response.json().catch(function () { return {}; }).then(function (answer) {
                if (!response.ok) {
                    throw new Refused(answer.error, answer.error_description || answer.error);
                }
                return answer.data || answer;
            });
        });
    }

    function post(url, body, token) {
        var headers = { 'Content-Type': 'application/json' };

        if (token) {
            headers['X-CSRF-Token'] = token;
        }
        return ask(url, { method: 'POST', headers: headers, body: JSON.stringify(body) });
    }

    /* Where the answer sends us; an application may want it as a form. */
    function go(answer) {
        var form;

        if (!answer.form_post) {
            location.assign(answer.redirect);
            return;
        }
        form = document.createElement('form');
        form.method = 'POST';
        form.action = answer.redirect;
        Object.keys(answer.form_post).forEach(function (name) {
            var input = document.createElement('input');

            input.type = 'hidden';
            input.name = name;
            input.value = answer.form_post[name];
            form.appendChild(input);
        });
        document.body.appendChild(form);
        HTMLFormElement.prototype.submit.call(form);
    }

    function textOf(error) {
        return TEXTS[error.code] || error.text || TEXTS[error.name] || TEXTS.server_error;
    }

    function show(box, text) {
        box.textContent = text;
        box.hidden = !text;
    }

    /* ---- the login page ---- */

    function loginPage(form) {
        var mode = form.getAttribute('data-passkey');
        var base = form.getAttribute('action').replace(/login$/, 'passkey/');
        var errorBox = document.getElementById('login-error');
        var button = document.getElementById('passkey-login-btn');
        var username = document.getElementById('username');
        var waiting = null; /* aborts the suggestions */
        var timer;

        function parameters() {
            var query = new URLSearchParams();

            ['state', 'redirect_uri', 'client_id', 'scope', 'nonce', 'code_challenge', 'code_challenge_method', 'prompt',
                'authorize_sig'].forEach(function (name) {
                query.set(name, form.elements[name].value);
            });
            return query;
        }

        function run(kind, query, mediation, signal) {
            return ask(base + kind + '/begin?' + query.toString()).then(function (begun) {
                var options;

                if (begun.redirect) { /* the page is too old: anew, but not behind the reader's back */
                    if (mediation) {
                        throw new Refused('expired');
                    }
                    return begun;
                }
                options = { publicKey: forGet(begun.options.publicKey) };
                if (mediation) {
                    options.mediation = mediation;
                }
                if (signal) {
                    options.signal = signal;
                }
                return navigator.credentials.get(options).then(function (credential) {
                    return post(base + kind + '/finish?challenge_id=' + encodeURIComponent(begun.challenge_id),
                        assertion(credential));
                });
            });
        }

        function stopSuggesting() {
            clearTimeout(timer);
            if (waiting) {
                waiting.abort();
                waiting = null;
            }
        }

        function suggest() {
            var query = parameters();
            var mine = new AbortController();

            stopSuggesting();
            if (document.hidden) { /* nobody looks: until somebody does */
                document.addEventListener('visibilitychange', suggest, { once: true });
                return;
            }
            waiting = mine;
            query.set('mediation', 'conditional');
            timer = setTimeout(suggest, RENEW_MS);
            run('discoverable', query, 'conditional', mine.signal).then(go).catch(function (error) {
                if (waiting !== mine || error.name === 'AbortError') {
                    return;
                }
                stopSuggesting();
                if (error.code === 'authentication_failed') {
                    show(errorBox, textOf(error));
                    suggest();
                }
            });
        }

        function byName() {
            return mode === 'username_first';
        }

        function signIn() {
            var query = parameters();

            show(errorBox, '');
            if (byName()) {
                if (!username.value.trim()) {
                    show(errorBox, username.type === 'email' ? 'Please enter your email address first.'
                        : 'Please enter your username first.');
                    username.focus();
                    return;
                }
                query.set('username', username.value);
            }
            if (!navigator.credentials || !window.PublicKeyCredential) {
                show(errorBox, 'This browser cannot use passkeys here.');
                return;
            }
            stopSuggesting();
            button.setAttribute('aria-busy', 'true');
            run(byName() ? 'login' : 'discoverable', query).then(go).catch(function (error) {
                show(errorBox, textOf(error));
            }).then(function () {
                button.removeAttribute('aria-busy');
            });
        }

        button.addEventListener('click', signIn);
        form.addEventListener('submit', function (event) {
            stopSuggesting();
            if (!form.querySelector('[type="submit"]')) { /* Enter in the name's field */
                event.preventDefault();
                signIn();
            }
        });
        if (mode === 'conditional' && window.PublicKeyCredential && PublicKeyCredential.isConditionalMediationAvailable) {
            PublicKeyCredential.isConditionalMediationAvailable().then(function (is) {
                if (is) {
                    suggest();
                }
            });
        }
    }

    /* ---- the security page ---- */

    function securityPage(button) {
        var dialog = document.getElementById('passkey-dialog');
        var form = dialog.querySelector('form');
        var errorBox = dialog.querySelector('.auth-error');
        var token = form.elements.csrf_token.value;

        function value(name) {
            return form.elements[name] ? form.elements[name].value : undefined;
        }

        function begin() {
            return post(form.action + '/begin', { current_password: value('current_password'), code: value('code') }, token);
        }

        function finish(begun) {
            if (begun.redirect) { /* signed out meanwhile */
                location.assign(begun.redirect);
                return undefined;
            }
            return navigator.credentials.create({ publicKey: forCreate(begun.options.publicKey) }).then(function (credential) {
                return post(form.action + '/finish?challenge_id=' + encodeURIComponent(begun.challenge_id),
                    attestation(credential), token);
            }).then(function (answer) {
                location.assign(answer.redirect || location.pathname);
            });
        }

        button.hidden = false;
        button.addEventListener('click', function () {
            show(errorBox, '');
            form.reset();
            dialog.showModal();
        });
        dialog.querySelector('[data-close]').addEventListener('click', function () { dialog.close(); });
        form.addEventListener('submit', function (event) {
            event.preventDefault();
            show(errorBox, '');
            begin().then(finish).catch(function (error) {
                form.removeAttribute('aria-busy');
                show(errorBox, textOf(error));
            });
        });
    }

    var login = document.querySelector('form[data-passkey]');
    var add = document.querySelector('[data-testid="add-passkey-btn"]');

    if (login) {
        loginPage(login);
    }
    if (add && navigator.credentials && window.PublicKeyCredential) {
        securityPage(add);
    }
}());
