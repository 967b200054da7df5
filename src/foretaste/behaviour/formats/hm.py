"""H&M Personalized Fashion Recommendations: transactions, articles, customers."""

from foretaste.behaviour.formats.declaration import FileFormat, TableFormat
from foretaste.behaviour.formats.row_steps import Constant, Levels

TRANSACTIONS = TableFormat(
    "events",
    "H&M's transactions",
    columns={
        **{"user": "customer_id", "item": "article_id", "at": "t_dat", "value": "price"},
        "event_type": "event_type",
    },
    marks=("t_dat", "customer_id", "article_id", "price", "sales_channel_id"),
    steps=(Constant("event_type", "purchase"),),
)
ARTICLES = TableFormat(
    "items",
    "H&M's articles",
    columns={"id": "article_id", "title": "prod_name"},
    marks=("article_id", "product_code", "prod_name", "product_type_name"),
    steps=(
        Levels("category", ("product_group_name", "product_type_name")),
        Levels("department", ("index_group_name", "index_name", "section_name")),
    ),
    text_columns=("detail_desc",),
    attribute_columns=(
        *("category", "department", "graphical_appearance_name", "colour_group_name"),
        *("perceived_colour_value_name", "perceived_colour_master_name", "garment_group_name"),
    ),
    ignored_columns=(
        *("product_code", "product_type_no", "graphical_appearance_no", "colour_group_code"),
        *("perceived_colour_value_id", "perceived_colour_master_id", "department_no"),
        *("department_name", "index_code", "index_group_no", "section_no", "garment_group_no"),
    ),
)
CUSTOMERS = TableFormat(
    "users",
    "H&M's customers",
    columns={"id": "customer_id"},
    marks=("customer_id", "club_member_status", "fashion_news_frequency"),
    ignored_columns=("FN", "Active", "postal_code"),
)
HM = FileFormat("hm", "H&M", (TRANSACTIONS, ARTICLES, CUSTOMERS))
