"""Marks: when the installation last did something that belongs to no one workspace."""

from datetime import datetime
from enum import StrEnum

from sqlmodel import Field, SQLModel

from models.base import UTCDateTime


class MarkName(StrEnum):
    """What is marked."""

    WORKER = "worker"
    TRAINING = "training"
    ANALYSIS = "analysis"
    BACKUP = "backup"


class Mark(SQLModel, table=True):
    """When something was last done, by whichever process did it (directory table). Holds nothing else."""

    __tablename__ = "marks"

    name: str = Field(max_length=64, primary_key=True)
    at: datetime = Field(sa_type=UTCDateTime)
