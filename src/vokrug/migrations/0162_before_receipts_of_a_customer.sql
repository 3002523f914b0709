-- People look back on their returns as on their purchases.
create index pos_return_customer on pos_return (customer_number, at) where customer_number is not null;
