"""Hand-picked words from which the demo's records are put together. None of them is a real person or
company.
"""

from __future__ import annotations

FIRST_NAMES = (
    "Alma", "Bjarne", "Carmen", "Dilan", "Elif", "Farid", "Greta", "Hugo", "Ines", "Jonas", "Kaito", "Lena",
    "Mateo", "Nadia", "Oskar", "Priya", "Quentin", "Rosa", "Samir", "Tilda", "Umar", "Vera", "Wanda", "Xenia",
    "Yusuf", "Zofia", "Anouk", "Bruno", "Chiara", "Darius", "Esther", "Fabian", "Gesine", "Henrik", "Imani",
    "Jelena", "Karim", "Louise", "Mikkel", "Noor",
)  # fmt: skip

LAST_NAMES = (
    "Abel", "Berg", "Castellano", "Dekker", "Eriksen", "Fontaine", "Grabowski", "Hartmann", "Ivanova",
    "Jansen", "Kowalski", "Lindqvist", "Moreau", "Nakamura", "Okafor", "Petrov", "Quist", "Rossi", "Sandoval",
    "Thorsen", "Ueda", "Vogel", "Weber", "Ximenes", "Yilmaz", "Zeller", "Achterberg", "Brandt", "Costa",
    "Dahl", "Engel", "Ferrari", "Gallo", "Holm", "Ibarra", "Juhl", "Keller", "Lund", "Marini", "Nowak",
)  # fmt: skip

COMPANIES = (
    ("Alder & Finch Interiors", "Furniture", "Copenhagen", "DK"),
    ("Aurora Cold Chain", "Logistics", "Tromsø", "NO"),
    ("Baltic Timber Works", "Construction", "Riga", "LV"),
    ("Bergamot Foods", "Food", "Milan", "IT"),
    ("Bluehaven Marine", "Shipping", "Gothenburg", "SE"),
    ("Brightwell Dental Group", "Health", "Leeds", "GB"),
    ("Calder Precision", "Manufacturing", "Stuttgart", "DE"),
    ("Canopy Energy", "Energy", "Rotterdam", "NL"),
    ("Cedar Lane Clinics", "Health", "Dublin", "IE"),
    ("Cobalt Print Studio", "Media", "Berlin", "DE"),
    ("Copperfield Brewing", "Food", "Ghent", "BE"),
    ("Daybreak Bakeries", "Food", "Lyon", "FR"),
    ("Delta Harbour Terminals", "Shipping", "Antwerp", "BE"),
    ("Eastgate Properties", "Real estate", "Warsaw", "PL"),
    ("Elmwood Learning", "Education", "Utrecht", "NL"),
    ("Fable & Sons Publishing", "Media", "Edinburgh", "GB"),
    ("Fernhill Gardens", "Retail", "Bruges", "BE"),
    ("Finch Robotics", "Manufacturing", "Eindhoven", "NL"),
    ("Foxglove Pharma", "Health", "Basel", "CH"),
    ("Galen Diagnostics", "Health", "Vienna", "AT"),
    ("Granite Peak Outdoor", "Retail", "Innsbruck", "AT"),
    ("Greenline Transit", "Transport", "Hamburg", "DE"),
    ("Halcyon Hotels", "Travel", "Lisbon", "PT"),
    ("Harbourlight Insurance", "Finance", "Bergen", "NO"),
    ("Hazel Street Coffee", "Food", "Aarhus", "DK"),
    ("Ironbridge Tools", "Manufacturing", "Sheffield", "GB"),
    ("Juniper Textiles", "Fashion", "Porto", "PT"),
    ("Kestrel Aviation Services", "Transport", "Toulouse", "FR"),
    ("Kite & Anchor Design", "Media", "Barcelona", "ES"),
    ("Lakeshore Credit Union", "Finance", "Zurich", "CH"),
    ("Lumen Optics", "Manufacturing", "Jena", "DE"),
    ("Maple Ridge Farms", "Agriculture", "Odense", "DK"),
    ("Meridian Freight", "Logistics", "Marseille", "FR"),
    ("Mosaic Travel", "Travel", "Athens", "GR"),
    ("Northgate Security", "Services", "Oslo", "NO"),
    ("Oakum Boatyards", "Shipping", "Turku", "FI"),
    ("Orchard Payroll", "Finance", "Cork", "IE"),
    ("Osprey Wind Farms", "Energy", "Esbjerg", "DK"),
    ("Paperbark Packaging", "Manufacturing", "Graz", "AT"),
    ("Pelican Water", "Utilities", "Valencia", "ES"),
    ("Quarry Lane Architects", "Construction", "Bristol", "GB"),
    ("Redwood Veterinary", "Health", "Malmö", "SE"),
    ("Saltmarsh Seafood", "Food", "Reykjavik", "IS"),
    ("Silverbirch Legal", "Services", "Helsinki", "FI"),
    ("Stellar Events", "Services", "Prague", "CZ"),
    ("Thistle Wool Mill", "Fashion", "Glasgow", "GB"),
    ("Umbra Lighting", "Furniture", "Turin", "IT"),
    ("Valley Rail", "Transport", "Ljubljana", "SI"),
    ("Willow Bank", "Finance", "Tallinn", "EE"),
    ("Yarrow Wellness", "Health", "Bologna", "IT"),
)

JOBS = (
    "Head of Purchasing", "Operations Manager", "Finance Director", "IT Lead", "Office Manager", "Managing Director",
    "Facilities Manager", "Marketing Lead", "Procurement Specialist", "Chief of Staff", "Plant Manager", "Warehouse Lead",
)  # fmt: skip

DEALS = (
    "Annual service plan", "Warehouse scanners", "Fleet tracking rollout", "Website relaunch", "Support renewal",
    "Training package", "Pilot, two sites", "Starter bundle", "Site survey", "Extension of contract", "Spare parts frame",
    "Office fit-out", "Data migration", "Second location", "Framework agreement",
)  # fmt: skip

NEXT_STEPS = (
    "Send the revised offer", "Call about delivery dates", "Wait for the board meeting", "Agree on payment terms",
    "Show the demo to the IT lead", "Get the signed copy back", "Book the site visit", "Answer the security questions",
)  # fmt: skip

PROJECTS = (
    "Spring catalogue", "New partner portal", "Office move", "Warehouse stocktake", "Customer survey", "Website refresh",
    "Price list 2027", "Onboarding handbook", "Trade fair Hannover", "Support hours pilot", "Invoice clean-up",
    "Fleet tracking rollout", "Supplier audit", "Sales playbook", "Data protection review", "Summer event",
)  # fmt: skip

TASKS = (
    "Draft the outline", "Collect the numbers", "Review the first version", "Ask two suppliers for quotes",
    "Book the room", "Write the summary", "Check the translations", "Update the timeline", "Call the printer",
    "Prepare the slides", "Test on a phone", "Sort the old files", "Invite the speakers", "Order samples",
    "Proofread the page", "Agree the budget", "Send the reminder", "Fix the broken links", "Count the returns",
    "Archive last year's folder", "Compare the offers", "Plan the hand-over", "Label the shelves", "Publish the notice",
)  # fmt: skip

COMMENTS = (
    "Done on my side, please have a look.", "Waiting for an answer from the supplier.", "Moved this to next week.",
    "The figures are in the shared folder.", "Can you take this one? I am away on Thursday.", "Looks good to me.",
    "We need a decision before the end of the month.", "I left two remarks in the draft.", "Called twice, no answer yet.",
    "The client would rather have the shorter version.",
)  # fmt: skip

NOTES = (
    "Met at the trade fair, wants to hear from us in the new quarter.", "Prefers e-mail to the phone.",
    "Budget is set, decision lies with the board.", "Asked for references from the same industry.",
    "Happy with the last delivery.", "Comparing us with one other supplier.", "Wants invoices in one go per quarter.",
)  # fmt: skip
