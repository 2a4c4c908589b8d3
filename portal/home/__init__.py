"""Home: what needs me?"""
