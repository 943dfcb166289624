"""Messages on their way through Temporal: conversion, encryption, keys."""
