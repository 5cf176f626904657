"""How a workspace might describe the reasons of the public comments: from the names alone, not from comments."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Reason:
    """A condition as somebody would catalogue it on the first day."""

    name: str
    description: str
    phrases: tuple[str, ...]


TWEET_REASONS: Mapping[str, Reason] = {
    "Bad Flight": Reason(
        "Bad flight",
        "The flight itself was bad: seat, food, entertainment, wifi, cabin, uncomfortable, no power.",
        ("uncomfortable", "broken seat*", "no wifi", "no food", "worst flight", "dirty plane"),
    ),
    "Can't Tell": Reason("No reason told", "The customer is disappointed and says no reason.", ()),
    "Cancelled Flight": Reason(
        "Flight cancelled",
        "The flight was cancelled, the customer has to rebook or is stranded.",
        ("cancel*", "stranded", "rebook*"),
    ),
    "Customer Service Issue": Reason(
        "Customer service",
        "Customer service did not help: on hold, nobody answers the phone or calls back, no response, no refund.",
        ("customer service", "on hold", "hung up", "call* back", "no response", "phone"),
    ),
    "Damaged Luggage": Reason(
        "Luggage damaged",
        "Luggage, bag or suitcase came back damaged, broken or torn.",
        ("damaged", "broke my", "broken bag", "broken suitcase", "torn"),
    ),
    "Flight Attendant Complaints": Reason(
        "Attendants or crew",
        "Flight attendant, crew, gate agent or staff was rude, unhelpful or had an attitude.",
        ("rude", "flight attendant*", "crew", "gate agent*", "attitude"),
    ),
    "Flight Booking Problems": Reason(
        "Booking problems",
        "Booking failed: website or app down, cannot book or change a reservation, ticket, seat, price or miles.",
        ("website", "your site", "book a flight", "booking", "reservation*", "error"),
    ),
    "Late Flight": Reason(
        "Flight late",
        "The flight was late or delayed for hours, sitting on the runway or at the gate, missed connection.",
        ("delay*", "late", "waiting for", "missed my connection", "sitting on"),
    ),
    "Lost Luggage": Reason(
        "Luggage lost",
        "Luggage, bag or baggage was lost or did not arrive; still waiting for it.",
        ("lost my", "lost bag*", "lost luggage", "my bag*", "luggage", "baggage claim"),
    ),
    "longlines": Reason(
        "Long lines", "Long lines or queues at check-in, counter or gate.", ("line*", "queue*", "long wait")
    ),
}

CFPB_PRODUCTS: Mapping[str, Reason] = {
    "Credit reporting, credit repair services, or other personal consumer reports": Reason(
        "Credit reporting",
        "Credit report, credit bureau, inaccurate accounts, inquiries and information reported by agencies.",
        ("credit report*", "credit bureau*", "equifax", "transunion", "experian"),
    ),
    "Debt collection": Reason(
        "Debt collection",
        "A debt collector or collection agency demands payment of a debt.",
        ("debt collect*", "collection agency", "collector*", "validation of debt"),
    ),
    "Credit card or prepaid card": Reason(
        "Credit card",
        "Credit card or prepaid card: charge, purchase, dispute, statement, rewards, interest.",
        ("credit card", "card", "charge*", "rewards"),
    ),
    "Checking or savings account": Reason(
        "Bank account",
        "Checking or savings account at a bank: deposit, overdraft, funds, closed, check.",
        ("checking account", "savings account", "overdraft", "deposit*", "my account was closed"),
    ),
    "Mortgage": Reason(
        "Mortgage",
        "Mortgage or home loan: escrow, refinance, foreclosure, servicer, property.",
        ("mortgage", "escrow", "foreclos*", "refinanc*"),
    ),
    "Money transfer, virtual currency, or money service": Reason(
        "Money transfer",
        "Money transfer, wire, wallet or virtual currency: money sent, scam, crypto.",
        ("zelle", "wire transfer", "money transfer", "crypto*", "bitcoin", "paypal", "cash app"),
    ),
    "Vehicle loan or lease": Reason(
        "Vehicle loan",
        "Loan or lease of a car or vehicle: dealer, title, repossession.",
        ("auto loan", "car loan", "vehicle", "lease", "repossess*"),
    ),
    "Payday loan, title loan, or personal loan": Reason(
        "Personal loan",
        "Payday loan, title loan, instalment or personal loan from a lender.",
        ("payday loan", "title loan", "personal loan", "installment loan"),
    ),
}

CFPB_ISSUES: Mapping[str, Reason] = {
    "Incorrect information on your report": Reason(
        "Incorrect information",
        "Incorrect or inaccurate information on the credit report; an account that is not mine.",
        ("incorrect information", "inaccurate", "not mine", "does not belong to me"),
    ),
    "Problem with a credit reporting company's investigation into an existing problem": Reason(
        "Investigation",
        "The credit reporting company did not investigate a dispute, or said it was verified.",
        ("investigat*", "reinvestigat*", "verified", "did not respond to my dispute"),
    ),
    "Improper use of your report": Reason(
        "Improper use",
        "The report was used improperly: inquiry without permission or consent, privacy, identity theft.",
        ("without my consent", "permissible purpose", "unauthorized inquir*", "hard inquir*", "right to privacy"),
    ),
    "Attempts to collect debt not owed": Reason(
        "Debt not owed",
        "Attempts to collect a debt that is not owed, was paid, or is somebody else's.",
        ("not my debt", "do not owe", "already paid", "debt is not mine"),
    ),
    "Managing an account": Reason(
        "Managing an account",
        "Managing a bank account: deposit, withdrawal, funds held, card not working.",
        ("deposit*", "withdraw*", "funds", "overdraft"),
    ),
    "Problem with a purchase shown on your statement": Reason(
        "Purchase on statement",
        "A purchase or charge on the card's statement is disputed, a refund is refused.",
        ("disputed the charge", "refund", "merchant", "fraudulent charge*"),
    ),
    "Trouble during payment process": Reason(
        "Payment trouble",
        "Trouble with a mortgage payment: escrow, autopay, payment not applied, servicer.",
        ("escrow", "autopay", "payment was not applied", "mortgage payment*"),
    ),
    "Written notification about debt": Reason(
        "Notification about debt",
        "No written notice or validation about a debt was received.",
        ("validation", "written notice", "never received a letter"),
    ),
    "Took or threatened to take negative or legal action": Reason(
        "Legal action",
        "The collector took or threatened legal action: lawsuit, court, garnish wages.",
        ("lawsuit", "sue*", "legal action", "court", "garnish*"),
    ),
    "Closing an account": Reason(
        "Closing an account",
        "The bank closed an account, or would not close it, and kept the funds.",
        ("closed my account", "account was closed", "close my account", "account closure"),
    ),
}
