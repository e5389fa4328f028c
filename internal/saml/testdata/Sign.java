import java.io.File;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.util.Arrays;
import java.util.List;
import javax.xml.crypto.dsig.CanonicalizationMethod;
import javax.xml.crypto.dsig.Reference;
import javax.xml.crypto.dsig.SignedInfo;
import javax.xml.crypto.dsig.Transform;
import javax.xml.crypto.dsig.XMLSignatureFactory;
import javax.xml.crypto.dsig.dom.DOMSignContext;
import javax.xml.crypto.dsig.keyinfo.KeyInfo;
import javax.xml.crypto.dsig.keyinfo.KeyInfoFactory;
import javax.xml.crypto.dsig.spec.C14NMethodParameterSpec;
import javax.xml.crypto.dsig.spec.ExcC14NParameterSpec;
import javax.xml.crypto.dsig.spec.TransformParameterSpec;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.transform.TransformerFactory;
import javax.xml.transform.dom.DOMSource;
import javax.xml.transform.stream.StreamResult;
import org.w3c.dom.Document;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;

/**
 * Signs a SAML response with the XML Signature of the JDK, which shares no code with what
 * verifies it here: java Sign.java KEYSTORE PASSWORD IN OUT SIGNATURE DIGEST PREFIXES PART...
 * Parts are Assertion and Response, in the order of signing. PREFIXES "-" is none.
 */
public class Sign {
  static final String ASSERTION = "urn:oasis:names:tc:SAML:2.0:assertion";

  public static void main(String[] args) throws Exception {
    KeyStore store = KeyStore.getInstance("PKCS12");
    store.load(new FileInputStream(args[0]), args[1].toCharArray());
    PrivateKey key = (PrivateKey) store.getKey("idp", args[1].toCharArray());
    X509Certificate certificate = (X509Certificate) store.getCertificate("idp");

    DocumentBuilderFactory builders = DocumentBuilderFactory.newInstance();
    builders.setNamespaceAware(true);
    Document document = builders.newDocumentBuilder().parse(new File(args[2]));
    for (String part : Arrays.asList(args).subList(7, args.length)) {
      Element element = document.getDocumentElement();
      if (part.equals("Assertion")) {
        element = (Element) element.getElementsByTagNameNS(ASSERTION, "Assertion").item(0);
      }
      sign(element, key, certificate, args[4], args[5], args[6]);
    }
    try (FileOutputStream out = new FileOutputStream(args[3])) {
      TransformerFactory.newInstance().newTransformer().transform(new DOMSource(document), new StreamResult(out));
    }
  }

  static void sign(Element element, PrivateKey key, X509Certificate certificate, String method, String digest, String prefixes)
      throws Exception {
    XMLSignatureFactory factory = XMLSignatureFactory.getInstance("DOM");
    element.setIdAttribute("ID", true);
    TransformParameterSpec parameters = prefixes.equals("-") ? null : new ExcC14NParameterSpec(List.of(prefixes.split(" ")));
    Reference reference = factory.newReference(
        "#" + element.getAttribute("ID"),
        factory.newDigestMethod(digest, null),
        List.of(
            factory.newTransform(Transform.ENVELOPED, (TransformParameterSpec) null),
            factory.newTransform(CanonicalizationMethod.EXCLUSIVE, parameters)),
        null, null);
    SignedInfo info = factory.newSignedInfo(
        factory.newCanonicalizationMethod(CanonicalizationMethod.EXCLUSIVE, (C14NMethodParameterSpec) null),
        factory.newSignatureMethod(method, null),
        List.of(reference));
    KeyInfoFactory keys = factory.getKeyInfoFactory();
    KeyInfo keyInfo = keys.newKeyInfo(List.of(keys.newX509Data(List.of(certificate))));
    NodeList issuers = element.getElementsByTagNameNS(ASSERTION, "Issuer");
    DOMSignContext context = new DOMSignContext(key, element, issuers.item(0).getNextSibling());
    context.setDefaultNamespacePrefix("ds");
    factory.newXMLSignature(info, keyInfo).sign(context);
  }
}
