-- Takes back what up.sql made.
DROP TABLE user_own_role;
DROP TABLE own_role;
