// continue.js: hands the answer of a sign-in on. Without scripts the form's button does the same.
"use strict";

document.forms[0].submit();
