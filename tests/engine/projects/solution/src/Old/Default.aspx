<%@ Page Language="C#" Inherits="Gone" %>
