// Sends the form to the identity provider without a click.
document.getElementById("lead-on").submit();
