package directory

// The words that generated people are made of. The people are fictitious; their domain is
// the tenant's.
var (
	givenNames = []string{
		"Aaron", "Abigail", "Adele", "Aiko", "Alejandra", "Alex", "Amara", "Amir", "Ana", "Anders", "Andrea", "Anika", "Arjun", "Astrid", "Ayesha", "Beatriz",
		"Ben", "Bianca", "Bjorn", "Camille", "Carlos", "Carmen", "Cecilia", "Chen", "Chloe", "Claire", "Daniel", "Darius", "David", "Delphine", "Diego", "Divya",
		"Elena", "Elias", "Emeka", "Emma", "Enrico", "Erika", "Esther", "Farah", "Fatima", "Felix", "Fernanda", "Finn", "Fiona", "Florian", "Freya", "Gabriel",
		"Grace", "Hana", "Hannah", "Hassan", "Helena", "Henrik", "Hugo", "Ibrahim", "Ines", "Ingrid", "Isaac", "Ivana", "Jae", "James", "Jasmine", "Joao",
		"Johanna", "Jonas", "Julia", "Kai", "Karim", "Katarina", "Kenji", "Kofi", "Lars", "Laura", "Leila", "Lena", "Leo", "Liam", "Linh", "Lucia",
		"Magnus", "Malik", "Mara", "Marco", "Maria", "Mateo", "Maya", "Mei", "Mikhail", "Mina", "Mohamed", "Nadia", "Naomi", "Nia", "Nikhil", "Nina",
		"Noah", "Nora", "Olga", "Oliver", "Omar", "Oscar", "Pablo", "Patrick", "Paula", "Petra", "Priya", "Rafael", "Rania", "Ravi", "Rebecca", "Robin",
		"Rosa", "Samir", "Sara", "Sanjay", "Sofia", "Sven", "Tariq", "Theo", "Thomas", "Tomas", "Uma", "Valentina", "Victor", "Wei", "Yasmin", "Yuki",
	}
	surnames = []string{
		"Abe", "Adeyemi", "Ahmed", "Almeida", "Alvarez", "Andersen", "Bakker", "Banerjee", "Barros", "Bauer", "Becker", "Bennett", "Berg", "Bianchi", "Blanc", "Brown",
		"Campbell", "Carter", "Castillo", "Chan", "Chowdhury", "Clarke", "Costa", "Cruz", "Dahl", "Das", "Davies", "Delgado", "Diallo", "Diaz", "Dubois", "Edwards",
		"Eriksen", "Evans", "Farouk", "Fernandez", "Ferrari", "Fischer", "Flores", "Fontaine", "Garcia", "Georgiou", "Gomez", "Gray", "Greco", "Gupta", "Haddad", "Hall",
		"Hansen", "Harris", "Hassan", "Hernandez", "Hoffmann", "Horvat", "Hughes", "Hussain", "Ito", "Ivanova", "Jansen", "Jensen", "Johansson", "Jones", "Kaya", "Keller",
		"Khan", "Kim", "Klein", "Kobayashi", "Kowalski", "Kumar", "Larsen", "Laurent", "Lee", "Lefevre", "Lewis", "Li", "Lindberg", "Lopez", "Martin", "Mbeki",
		"Mehta", "Mendes", "Meyer", "Mitchell", "Moreau", "Morgan", "Morris", "Muller", "Murphy", "Nakamura", "Nguyen", "Nielsen", "Novak", "Nowak", "Okafor", "Olsen",
		"Ortega", "Osei", "Park", "Patel", "Pereira", "Petrov", "Popescu", "Quinn", "Rahman", "Ramos", "Reid", "Ricci", "Rivera", "Roberts", "Rossi", "Roy",
		"Ruiz", "Saito", "Santos", "Schmidt", "Schneider", "Sharma", "Silva", "Singh", "Smith", "Sorensen", "Suzuki", "Tanaka", "Taylor", "Torres", "Tran", "Turner",
		"Ueda", "Vargas", "Vega", "Virtanen", "Vogel", "Wagner", "Walker", "Wang", "Weber", "White", "Wilson", "Wong", "Wood", "Yamamoto", "Yilmaz", "Young",
		"Zhang", "Zimmermann",
	}
	// departments with the titles of those who lead nobody; who leads is its Manager or Head.
	departments = []struct {
		name   string
		titles []string
	}{
		{"Engineering", []string{"Software Engineer", "Senior Software Engineer", "Site Reliability Engineer", "Test Engineer"}},
		{"Data Platform", []string{"Data Engineer", "Database Administrator", "Analytics Engineer"}},
		{"Product", []string{"Product Manager", "Product Designer", "Technical Writer"}},
		{"Sales", []string{"Account Executive", "Sales Engineer", "Account Manager"}},
		{"Marketing", []string{"Campaign Specialist", "Content Editor", "Event Coordinator"}},
		{"Finance", []string{"Accountant", "Financial Analyst", "Controller"}},
		{"Human Resources", []string{"Recruiter", "People Partner", "Payroll Specialist"}},
		{"Customer Support", []string{"Support Engineer", "Support Specialist", "Customer Success Manager"}},
		{"Legal", []string{"Counsel", "Compliance Analyst"}},
		{"Operations", []string{"Buyer", "Logistics Planner", "Facilities Specialist"}},
		{"Information Security", []string{"Security Engineer", "Security Analyst"}},
	}
	offices = []struct{ city, state, postalCode, country, language, street, phone string }{
		{"Amsterdam", "Noord-Holland", "1012 AB", "Netherlands", "nl-NL", "Stationsplein 4", "+31 20 555"},
		{"Austin", "TX", "78701", "United States", "en-US", "200 Congress Avenue", "+1 512 555"},
		{"Berlin", "Berlin", "10117", "Germany", "de-DE", "Friedrichstr. 68", "+49 30 555"},
		{"Bengaluru", "Karnataka", "560001", "India", "en-IN", "12 Residency Road", "+91 80 555"},
		{"London", "", "EC2A 4NE", "United Kingdom", "en-GB", "40 Curtain Road", "+44 20 555"},
		{"Porto", "", "4000-322", "Portugal", "pt-PT", "Rua das Flores 18", "+351 22 555"},
		{"Singapore", "", "068896", "Singapore", "en-SG", "8 Cecil Street", "+65 6555"},
		{"Toronto", "ON", "M5H 2N2", "Canada", "en-CA", "100 King Street West", "+1 416 555"},
	}
	teamWords = []string{"Alpha", "Atlas", "Aurora", "Beacon", "Cascade", "Comet", "Delta", "Falcon", "Harbor", "Horizon", "Juniper", "Lighthouse", "Meridian", "Nova", "Orchid", "Pioneer", "Quartz", "Summit", "Tundra", "Vertex"}
)
