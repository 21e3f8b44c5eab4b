"""呼叫分析: what calls come to, what it means, and what to do about it. Pure."""
