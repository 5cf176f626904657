"""Role proposals and support owed."""

from fastapi import APIRouter

router = APIRouter()
