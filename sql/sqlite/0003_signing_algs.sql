-- Is a signing algorithm wanted by any application?
CREATE INDEX clients_by_id_token_alg ON clients (id_token_signed_response_alg)
    WHERE id_token_signed_response_alg IS NOT NULL;
CREATE INDEX clients_by_access_token_alg ON clients (access_token_signing_alg)
    WHERE access_token_signing_alg IS NOT NULL;
